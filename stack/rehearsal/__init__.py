"""A rehearsal: one run from its evidence to its end, with the real gate, the real Terraform and an emulator of AWS."""
