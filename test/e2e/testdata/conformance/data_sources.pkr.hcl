# The two data sources: an image by its filter, and the name of the new one from a parameter.

data "amazon-ami" "debian" {
  region      = "us-west-2"
  owners      = ["136693071363"]
  most_recent = true
  filters = {
    name                = "debian-*-amd64-*"
    root-device-type    = "ebs"
    virtualization-type = "hvm"
  }
}

data "amazon-parameterstore" "plain" {
  region = "us-west-2"
  name   = "/conformance/name"
}

data "amazon-parameterstore" "secret" {
  region          = "us-west-2"
  name            = "/conformance/secret"
  with_decryption = true
}

source "amazon-ebs" "peer" {
  region        = "us-west-2"
  source_ami    = data.amazon-ami.debian.id
  instance_type = "t2.micro"
  communicator  = "none"
  ami_name      = data.amazon-parameterstore.plain.value

  tags = {
    parameter         = data.amazon-parameterstore.plain.arn
    parameter_version = data.amazon-parameterstore.plain.version
    secret            = data.amazon-parameterstore.secret.value
    source_name       = data.amazon-ami.debian.name
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
