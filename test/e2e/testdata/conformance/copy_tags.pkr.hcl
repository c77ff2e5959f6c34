# Copies with the image's own tags in every Region.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "t3.small"
  communicator  = "none"
  ami_name      = "copy_tags"
  ami_regions   = ["us-west-1"]

  tags = {
    built_by = "ebs"
    simple   = "Simple String"
    source   = "{{ .SourceAMI }}"
  }
  snapshot_tags = {
    disk = "root"
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
