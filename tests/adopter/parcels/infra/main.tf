# Where scans come in, and where the labels lie. From before there was a gate, and it shows.
resource "aws_sqs_queue" "scans" {
  name = "scans"
}

resource "aws_s3_bucket" "labels" {
  bucket = "parcel-labels"
}
