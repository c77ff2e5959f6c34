# A build in another account, by a role.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  communicator  = "none"
  ami_name      = "assume_role"

  assume_role {
    role_arn     = "arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"
    session_name = "conformance"
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
