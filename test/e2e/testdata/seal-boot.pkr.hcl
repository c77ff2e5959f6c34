# A build on a machine that boots: identities and secrets stand in it, and a
# shell of somebody else is still open when it is sealed and stopped.

variable "key_file" { type = string }
variable "report" { type = string }
variable "owner" { type = string }
variable "image" { type = string }
variable "user" { type = string }
variable "baked_key" { type = string }
variable "purge" { type = bool }
variable "leaves" { type = bool }

source "goldenami-ebs" "booted" {
  region        = "us-east-1"
  ami_name      = "booted-{{timestamp}}"
  instance_type = "t3.small"
  ssh_username  = var.user

  ssh_keypair_name     = "builder"
  ssh_private_key_file = var.key_file

  temporary_security_group_source_cidrs = ["127.0.0.0/8"]
  user_data                             = "#cloud-config\nwrite_files:\n- path: /root/from-user-data\n  content: canary-user-data\n"

  source_ami_filter {
    owners      = [var.owner]
    most_recent = true
    filters     = { name = var.image }
  }
}

build {
  sources = ["goldenami-ebs.booted"]

  provisioner "shell" {
    script           = "test/e2e/testdata/seal-boot.sh"
    environment_vars = ["PURGE=${var.purge}", "BAKED_KEY=${var.baked_key}"]
    execute_command  = "sudo {{ .Vars }} sh {{ .Path }}"
  }
  provisioner "goldenami-seal" {
    report            = var.report
    keep_users        = var.purge ? [var.user] : []
    remove_build_user = var.leaves
  }
}
