# One family in three tiers, quick to build, each followed by a launch template and the
# full image by a parameter too. A release changes the lowest tier alone.

variable "release" {
  type    = string
  default = "1"
}

source "goldenami-ebs" "followed" {
  region        = "us-east-1"
  family        = "web"
  instance_type = "t3.small"
  communicator  = "none"

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }
}

build {
  source "goldenami-ebs.followed" {
    name = "base"
    tier = "os-only"
    inputs {
      values = { release = var.release }
    }
    launch_template {
      name = "web-os-only"
    }
    ssm_parameter {
      name = "/golden/web/os-only"
    }
  }
  source "goldenami-ebs.followed" {
    name = "runtime"
    tier = "hybrid"
    inputs {}
    launch_template {
      name = "web-hybrid"
    }
  }
  source "goldenami-ebs.followed" {
    name        = "app"
    tier        = "full"
    ami_regions = ["eu-west-1"]
    inputs {}
    launch_template {
      name                = "web-full"
      version_description = "of release ${var.release}"
    }
    ssm_parameter {
      name = "/golden/web/full"
      tags = { team = "blue" }
    }
  }
}
