package sts

import "github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"

// organizationRole is the role that AWS Organizations makes in every account of
// an organization, trusting the management account: here, the home account.
const organizationRole = "OrganizationAccountAccessRole"

func roleOf(account *world.Account, name string) *world.Role {
	if role := account.Roles[name]; role != nil || name != organizationRole || account.ID == world.HomeAccount {
		return role
	}
	return &world.Role{
		Entity: world.Entity{
			Name: name, ID: "AROA" + account.ID, ARN: "arn:aws:iam::" + account.ID + ":role/" + name, Path: "/",
		},
		TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::` + world.HomeAccount + `:root"}}]}`,
	}
}
