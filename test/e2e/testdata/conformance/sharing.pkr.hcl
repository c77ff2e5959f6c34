# Launch permissions of every kind, and public snapshots.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region          = "us-east-1"
  source_ami      = var.source_ami
  instance_type   = "m3.medium"
  communicator    = "none"
  ami_name        = "sharing"
  ami_users       = ["111122223333"]
  ami_groups      = ["all"]
  ami_org_arns    = ["arn:aws:organizations::123456789012:organization/o-exampleorg"]
  ami_ou_arns     = ["arn:aws:organizations::123456789012:ou/o-exampleorg/ou-examplerootid-exampleouid"]
  snapshot_users  = ["111122223333"]
  snapshot_groups = ["all"]
}

build {
  sources = ["amazon-ebs.peer"]
}
