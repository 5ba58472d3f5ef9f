run "is_red" {
  command = plan

  assert {
    condition     = terraform_data.x.input == "red"
    error_message = "it must be red"
  }
}

run "is_blue" {
  command = plan

  assert {
    condition     = terraform_data.x.input == "blue"
    error_message = "it must be blue"
  }
}
