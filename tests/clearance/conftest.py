"""How the laws of the gate are tried: for as long as it takes."""

from hypothesis import settings

# A law holds on a busy machine, too, and numpy alone may take longer to start than an example is given.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
