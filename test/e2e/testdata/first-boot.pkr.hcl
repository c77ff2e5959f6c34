# A family with a stage of each tier, files, a secret, and user data of the customer's own.

variable "files" {
  type = string
}

variable "own" {
  type = string
}

variable "out" {
  type = string
}

# The AWS CLI as an archive to be unpacked in /usr/local.
variable "cli" {
  type    = string
  default = ""
}

source "goldenami-ebs" "web" {
  region        = "us-east-1"
  family        = "web"
  instance_type = "t3.small"
  ssh_username  = "admin"

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = "debian-12-amd64-*" }
  }

  stage {
    name   = "base"
    tier   = "os-only"
    inline = ["mkdir -p /opt/golden", "echo base >>/opt/golden/order"]
  }
  stage {
    name   = "runtime"
    tier   = "hybrid"
    inline = ["cp -R \"$GOLDENAMI_FILES\" /opt/golden/files", "echo runtime >>/opt/golden/order"]
    files  = [var.files]
  }
  stage {
    name        = "app"
    tier        = "full"
    environment = { RELEASE = "release-1.4.2 with 'quotes', $HOME and é" }
    inline      = ["printf '%s\\n' \"$RELEASE\" >/opt/golden/release", "echo app >>/opt/golden/order"]
  }
  stage {
    name    = "join"
    tier    = "boot"
    secrets = { PASSWORD = "ssm:/web/password" }
    inline = [
      "umask 077",
      "printf '%s' \"$PASSWORD\" >/opt/golden/password",
      "echo join >>/opt/golden/order",
    ]
  }

  first_boot {
    file           = "${var.out}/first-boot"
    user_data_file = var.own
  }
}

build {
  source "goldenami-ebs.web" {
    name = "base"
    tier = "os-only"
    launch_template {
      name = "web-os-only"
    }
  }
  source "goldenami-ebs.web" {
    name = "runtime"
    tier = "hybrid"
    launch_template {
      name = "web-hybrid"
    }
  }
  source "goldenami-ebs.web" {
    name = "app"
    tier = "full"
    launch_template {
      name = "web-full"
    }
  }

  provisioner "file" {
    only        = ["goldenami-ebs.base"]
    source      = var.cli
    destination = "/tmp/aws-cli.tar.gz"
  }
  provisioner "shell" {
    only = ["goldenami-ebs.base"]
    inline = [
      "sudo tar -xzf /tmp/aws-cli.tar.gz -C /usr/local",
      "sudo aws --version",
      "rm /tmp/aws-cli.tar.gz",
    ]
  }
}
