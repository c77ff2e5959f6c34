# Takes the newest images of a tier back. Nothing is launched: the images before them
# are current again, and launch templates and parameters lead to those.
#
#   packer build -var to=previous -var reason='does not boot' example/rollback
#
# Without "to" it does nothing. Run it alone, not beside a build of the same family.

packer {
  required_version = ">= 1.11.0"
  required_plugins {
    goldenami = {
      source  = "github.com/goldenami/goldenami"
      version = ">= 0.1.0"
    }
  }
}

variable "to" {
  description = "previous, or the version to go back to."
  type        = string
  default     = ""
}

variable "reason" {
  description = "Why. It becomes a tag of what is revoked."
  type        = string
  default     = ""
}

variable "region" {
  description = "Where the images are built. They are revoked in every Region."
  type        = string
  default     = "us-east-1"
}

variable "family" {
  description = "The product line."
  type        = string
  default     = "web"
}

variable "tier" {
  description = "os-only, hybrid or full."
  type        = string
  default     = "full"
}

variable "cascade" {
  description = "list shows what was built on a revoked image, revoke revokes it too."
  type        = string
  default     = "list"
}

variable "allow_empty" {
  description = "Revokes also where no good image of the tier would be left."
  type        = bool
  default     = false
}

source "goldenami-ebs" "rollback" {
  region = var.region
  family = var.family
  tier   = var.tier

  rollback {
    to          = var.to
    reason      = var.reason
    cascade     = var.cascade
    allow_empty = var.allow_empty
  }
}

build {
  sources = ["source.goldenami-ebs.rollback"]
}
