package sealtest

import (
	"encoding/base64"
	"strings"
)

// Secrets are contents that each look like one kind of secret, by the name of
// the rule that should tell; nobody's. They are put together here so that no
// scanner of this repository takes them for real ones.
func Secrets() map[string]string {
	x, hex := strings.Repeat("aB3", 60), strings.Repeat("a1", 60)
	secrets := map[string]string{
		"private-key":        Private,
		"private-key-base64": "client-key-data: " + base64.StdEncoding.EncodeToString([]byte(Private)),
		"putty-key":          "PuTTY-User-Key-" + "File-3: ssh-ed25519",
		"age-key":            "AGE-SECRET-" + "KEY-1" + strings.Repeat("Q2", 29),
		"aws-access-key":     "AK" + "IAQ2RSTUVWXYZ234567A",
		"aws-secret-key":     "aws_secret_" + "access_key = " + x[:40],
		"aws-bedrock-key":    "AB" + "SK" + x[:120],
		"anthropic-key":      "sk-ant-" + "api03-" + x[:40],
		"artifactory-key":    "AK" + "Cp" + x[:69],
		"databricks-token":   "da" + "pi" + hex[:32],
		"digitalocean-token": "do" + "p_v1_" + hex[:64],
		"docker-token":       "dckr_" + "pat_" + x[:27],
		"github-token":       "gh" + "p_" + x[:36],
		"github-pat":         "github_" + "pat_" + x[:82],
		"gitlab-token":       "gl" + "pat-" + x[:20],
		"google-api-key":     "AI" + "za" + x[:35],
		"huggingface-token":  "h" + "f_" + strings.Repeat("aB", 17),
		"jwt":                "ey" + "J" + x[:20] + ".ey" + "J" + x[:20] + "." + x[:20],
		"npm-token":          "np" + "m_" + x[:36],
		"onepassword-token":  "ops_" + "eyJ" + x[:60],
		"openai-key":         "sk-" + "proj-" + x[:48],
		"pypi-token":         "pypi-" + "AgEIcHlwaS5vcmc" + x[:30],
		"sendgrid-key":       "S" + "G." + x[:22] + "." + x[:43],
		"slack-token":        "xo" + "xb-" + x[:24],
		"stripe-key":         "sk_" + "live_" + x[:24],
		"terraform-token":    x[:14] + ".atlas" + "v1." + x[:67],
		"url-password":       "postgres://app:" + "s3cr3t" + "@db.internal/x",
		"vault-token":        "hv" + "s." + x[:24],
		"wireguard-key":      "Private" + "Key = " + x[:43] + "=",
		"ipsec-secret":       "%any : P" + "SK \"s3cr3t\"",
	}
	return secrets
}
