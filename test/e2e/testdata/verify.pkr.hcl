# One family in two tiers whose images are tested before they are good.

variable "test" {
  type    = string
  default = "true"
}

variable "on_failure" {
  type    = string
  default = null
}

variable "sealed" {
  type    = bool
  default = true
}

variable "unique_identity" {
  type    = bool
  default = true
}

# What is done to the image before the seal, or in its place.
variable "shell" {
  type    = string
  default = "true"
}

variable "app" {
  type    = string
  default = "mkdir -p /opt/app && echo 1 >/opt/app/release"
}

# The customer's own user data, beside the stages.
variable "user_data" {
  type    = string
  default = ""
}

variable "rebuild" {
  type    = string
  default = "auto"
}

source "goldenami-ebs" "tested" {
  region        = "us-east-1"
  family        = "web"
  instance_type = "t3.small"
  ssh_username  = "admin"
  rebuild       = var.rebuild

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }

  stage {
    name   = "base"
    tier   = "os-only"
    inline = ["mkdir -p /opt/base"]
  }
  stage {
    name   = "app"
    tier   = "full"
    inline = [var.app]
  }

  first_boot {
    user_data = var.user_data
  }

  inputs {
    values = { sealed = var.sealed, shell = var.shell }
  }

  verify {
    unique_identity = var.unique_identity
    inline          = ["test -d /opt/base", "grep -qx 1 /opt/app/release", "[ \"$(id -u)\" = 0 ]", var.test]
    environment     = { GREETING = "tested with love" }
    on_failure      = var.on_failure
    timeout         = "3m"
  }
}

build {
  source "goldenami-ebs.tested" {
    name = "base"
    tier = "os-only"
  }
  source "goldenami-ebs.tested" {
    name = "app"
    tier = "full"
    parent {
      tier = "os-only"
    }
  }

  provisioner "shell" {
    inline = [var.shell]
  }
  dynamic "provisioner" {
    labels   = ["goldenami-seal"]
    for_each = var.sealed ? [1] : []
    content {}
  }
}
