"""The run task: no Terraform Cloud run plans or applies until it is cleared. Begin with `work`."""
