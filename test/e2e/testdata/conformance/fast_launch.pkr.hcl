# Windows images that start fast, in one Region or more, with launch templates or without.

variable "name" { type = string }
variable "source_ami" { type = string }

variable "regions" {
  type    = list(string)
  default = []
}

variable "template_id" {
  type    = string
  default = ""
}

variable "templates" {
  type    = list(object({ region = string, id = string, enable = bool }))
  default = []
}

source "amazon-ebs" "peer" {
  region        = "us-east-1"
  source_ami    = var.source_ami
  instance_type = "m3.medium"
  communicator  = "none"
  ami_name      = var.name
  ami_regions   = var.regions

  fast_launch {
    enable_fast_launch    = true
    target_resource_count = 1
    template_id           = var.template_id

    dynamic "region_launch_templates" {
      for_each = var.templates
      content {
        region             = region_launch_templates.value.region
        template_id        = region_launch_templates.value.id
        enable_fast_launch = region_launch_templates.value.enable
      }
    }
  }
}

build {
  sources = ["amazon-ebs.peer"]
}
