resource "terraform_data" "x" {
  input = "red"
}

check "colour" {
  assert {
    condition     = terraform_data.x.input == "blue"
    error_message = "it must be blue"
  }
}
