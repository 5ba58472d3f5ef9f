module "gone" {
  source = "./gone"
}
