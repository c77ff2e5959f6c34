# Copies, with the build's own Region in the list, deprecated, with run tags that the copies keep.

variable "source_ami" { type = string }
variable "deprecate_at" { type = string }

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "m3.medium"
  communicator  = "none"
  ami_name      = "region_copy"
  ami_regions   = ["us-east-1", "us-west-2"]
  deprecate_at  = var.deprecate_at

  run_tags = {
    build_name = "build_name"
    simple     = "Simple String"
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
