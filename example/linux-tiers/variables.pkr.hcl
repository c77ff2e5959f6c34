# What differs between accounts. The defaults are those of the demo, apart from
# what it sets itself (scripts/demo.sh).

variable "region" {
  description = "Where the images are built."
  type        = string
  default     = "us-east-1"
}

variable "copy_regions" {
  description = "Where the full image goes besides."
  type        = list(string)
  default     = ["eu-west-1", "ap-northeast-1"]
}

variable "kms_key" {
  description = "The alias of a customer managed key. Each of copy_regions must have one of that name whose policy lets share_accounts use it."
  type        = string
  default     = "alias/golden"
}

variable "share_accounts" {
  description = "The accounts that may launch the full image."
  type        = list(string)
  default     = ["111122223333"]
}

variable "instance_type" {
  description = "The type of the build instances."
  type        = string
  default     = "t3.small"
}

variable "source_owners" {
  description = "The accounts whose images the OS-only image may start from. The default is Debian's."
  type        = list(string)
  default     = ["136693071363"]
}

variable "source_name" {
  description = "The name of the image that the OS-only image starts from; * stands for anything."
  type        = string
  default     = "debian-12-amd64-*"
}

variable "ssh_username" {
  description = "The user that the source image has."
  type        = string
  default     = "admin"
}

variable "communicator" {
  description = "ssh, or none where instances cannot be reached: then no stage runs while an image is built."
  type        = string
  default     = "ssh"
}

variable "builder_cidrs" {
  description = "The networks from which the build instance can be reached. Null is the address of this machine alone."
  type        = list(string)
  default     = null
}

variable "upgrade" {
  description = "Whether the OS-only image gets the packages' updates, for which it needs the network: yes or no."
  type        = string
  default     = "yes"
}

variable "app_version" {
  description = "The release of the application in the full image."
  type        = string
  default     = "1.4.2"
}

variable "images_json" {
  description = "The file that lists the images by Region."
  type        = string
  default     = "images.json"
}

variable "first_boot_file" {
  description = "The file that gets the user data with which an instance of any tier completes itself."
  type        = string
  default     = "first-boot.mime"
}

variable "lineage_file" {
  description = "The file that tells which images the full image is built on, up to the vendor's."
  type        = string
  default     = "lineage.json"
}
