"""The run task: no Terraform Cloud run plans or applies until it is cleared. Each module is a room; see `work` first."""
