resource "terraform_data" "whole" {
  input = "whole"
}

resource "terraform_data" "broken" {
  input = "broken"

  lifecycle {
    precondition {
      condition     = length(terraform_data.whole.input) > 100
      error_message = "never so long"
    }
  }
}
