# An image of one team on the golden image of another: the newest good one is looked
# up, and amazon-ebs builds on it. Any builder and any other block can use the values.

packer {
  required_version = ">= 1.11.0"
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = ">= 1.8.2"
    }
    goldenami = {
      source  = "github.com/goldenami/goldenami"
      version = ">= 0.1.0"
    }
  }
}

variable "region" {
  description = "Where the golden image is, and where the new one is made."
  type        = string
  default     = "us-east-1"
}

variable "family" {
  description = "The family of the golden image."
  type        = string
  default     = "web"
}

variable "communicator" {
  description = "ssh, or none where instances cannot be reached."
  type        = string
  default     = "ssh"
}

data "goldenami-image" "base" {
  region        = var.region
  family        = var.family
  tier          = "hybrid"
  architecture  = "x86_64"
  min_remaining = "7d" # an image that expires next week is no base for a new one
}

source "amazon-ebs" "billing" {
  region        = var.region
  ami_name      = "billing-{{timestamp}}"
  source_ami    = data.goldenami-image.base.id
  instance_type = "t3.small"
  communicator  = var.communicator
  ssh_username  = "admin"

  tags = {
    golden_image   = data.goldenami-image.base.id
    golden_version = data.goldenami-image.base.version
    golden_until   = data.goldenami-image.base.expires_at
  }
}

build {
  sources = ["amazon-ebs.billing"]
}
