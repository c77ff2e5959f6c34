# Encryption with the account's default key, which the copies get too, in time and deprecated.

variable "source_ami" { type = string }
variable "deprecate_at" { type = string }

source "amazon-ebs" "peer" {
  region                         = "us-east-1"
  source_ami                     = var.source_ami
  instance_type                  = "m3.medium"
  communicator                   = "none"
  ami_name                       = "encrypted_boot"
  encrypt_boot                   = true
  ami_regions                    = ["us-east-1", "us-west-1"]
  deprecate_at                   = var.deprecate_at
  snapshot_copy_duration_minutes = 15
}

build {
  sources = ["amazon-ebs.peer"]
}
