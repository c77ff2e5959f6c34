# A machine with a kernel of its own that Packer did not start: identities and
# secrets stand in it, and a shell of somebody else is open when it is sealed.

variable "port" { type = number }
variable "key_file" { type = string }
variable "report" { type = string }
variable "user" { type = string }
variable "as_root" { type = string }

source "null" "machine" {
  ssh_host             = "127.0.0.1"
  ssh_port             = var.port
  ssh_username         = var.user
  ssh_private_key_file = var.key_file
}

build {
  sources = ["null.machine"]

  provisioner "shell" {
    script           = "test/e2e/testdata/seal-machine.sh"
    environment_vars = ["BUILD_USER=${var.user}"]
    execute_command  = "${var.as_root} env {{ .Vars }} sh {{ .Path }}"
  }
  provisioner "goldenami-seal" {
    report     = var.report
    keep_users = [var.user]
    timeout    = "15m" # the machine's processor is a program
  }
}
