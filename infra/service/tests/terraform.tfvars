# What every test starts from, unless it says otherwise.
account_id         = "111122223333"
alarm_emails       = []
availability_zones = ["eu-central-1a", "eu-central-1b"]
jwt                = { issuer = "https://issuer.example.com/", audiences = ["flights"] }
operator_image_id  = null
package            = { path = "flights.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
region             = "eu-central-1"
stage              = "test"
