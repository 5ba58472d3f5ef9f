# Operators get in through a host without an open port, and only where one is asked for.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "has_no_host_unless_asked" {
  command = plan

  assert {
    condition     = length(aws_instance.operator) == 0 && output.operator_instance_id == null
    error_message = "Without an image there is no way in."
  }
}

run "has_a_closed_host" {
  command = plan

  variables {
    operator_image_id = "ami-0123456789abcdef0"
  }

  assert {
    condition     = !aws_instance.operator[0].associate_public_ip_address
    error_message = "The host has no public address."
  }

  assert {
    condition     = aws_instance.operator[0].metadata_options[0].http_tokens == "required"
    error_message = "The host's credentials are given to whoever can set a header, not to whoever can send a GET."
  }

  assert {
    condition     = aws_instance.operator[0].root_block_device[0].encrypted
    error_message = "The host's disk is encrypted."
  }
}
