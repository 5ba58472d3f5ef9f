resource "terraform_data" "x" {
  input = "red"
}
