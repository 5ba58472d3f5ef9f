resource "terraform_data" "x" {
  colour = "red"
}
