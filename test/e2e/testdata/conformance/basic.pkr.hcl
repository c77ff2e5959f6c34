# A plain build, from a source image that a filter finds.

source "amazon-ebs" "peer" {
  region                  = "us-east-1"
  instance_type           = "t3.small"
  communicator            = "none"
  ami_name                = "basic"
  ami_description         = "made by {{ .BuildRegion }} from {{ .SourceAMIName }}"
  ami_virtualization_type = "hvm"

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters = {
      name                = "debian-12-amd64-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
