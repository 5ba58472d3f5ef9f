"""Our own Checkov checks, for what Checkov's own lack; without this file Checkov would silently load none of them."""
