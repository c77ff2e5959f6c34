# A copy that is to be complete within a time.

variable "source_ami" { type = string }

source "amazon-ebs" "peer" {
  region                         = "us-east-1"
  source_ami                     = var.source_ami
  instance_type                  = "m3.medium"
  communicator                   = "none"
  ami_name                       = "time_based_copy"
  ami_regions                    = ["us-east-1", "us-west-2"]
  snapshot_copy_duration_minutes = 15
}

build {
  sources = ["amazon-ebs.peer"]
}
