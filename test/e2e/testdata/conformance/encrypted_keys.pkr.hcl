# A key of one's own in each Region, and accounts that may use the encrypted image.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region         = "us-east-1"
  source_ami     = var.source_ami
  instance_type  = "t3.small"
  communicator   = "none"
  ami_name       = "encrypted_keys"
  encrypt_boot   = true
  kms_key_id     = "alias/golden"
  ami_regions    = ["eu-west-1"]
  ami_users      = ["111122223333"]
  snapshot_users = ["111122223333"]

  region_kms_key_ids = {
    eu-west-1 = "alias/golden"
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
