# One image that fails where the test says.

variable "stage" {
  type    = string
  default = "true"
}

variable "shell" {
  type    = string
  default = "true"
}

variable "kms_key" {
  type    = string
  default = null
}

variable "distribute_key" {
  type    = string
  default = null
}

variable "source_name" {
  type    = string
  default = "debian-12-amd64-*"
}

variable "subnet" {
  type    = string
  default = null
}

source "goldenami-ebs" "failing" {
  region        = "us-east-1"
  family        = "failing"
  tier          = "os-only"
  instance_type = "t3.small"
  ssh_username  = "admin"
  subnet_id     = var.subnet

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]

  source_ami_filter {
    owners      = ["136693071363"]
    most_recent = true
    filters     = { name = var.source_name }
  }

  ami_regions        = var.kms_key == null ? [] : ["eu-west-1"]
  encrypt_boot       = var.kms_key == null ? null : true
  region_kms_key_ids = var.kms_key == null ? null : { "eu-west-1" = var.kms_key }

  stage {
    name   = "broken"
    tier   = "os-only"
    inline = [var.stage]
  }
}

build {
  sources = ["goldenami-ebs.failing"]

  provisioner "shell" {
    inline = [var.shell]
  }

  post-processor "goldenami-distribute" {
    region = "us-east-1"
    target {
      regions    = ["ap-northeast-1"]
      kms_key_id = var.distribute_key
    }
  }
}
