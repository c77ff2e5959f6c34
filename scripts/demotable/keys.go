package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// ensureKeys gives each Region a customer managed key under the alias.
func ensureKeys(ctx context.Context, alias, share string, regions []string) error {
	for _, region := range regions {
		cfg, err := configOf(ctx, region)
		if err != nil {
			return err
		}
		caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return fmt.Errorf("account of the caller: %w", err)
		}
		policy, err := keyPolicy(aws.ToString(caller.Account), share)
		if err != nil {
			return err
		}
		if err := ensureKey(ctx, kms.NewFromConfig(cfg), alias, policy); err != nil {
			return fmt.Errorf("%s in %s: %w", alias, region, err)
		}
	}
	return nil
}

func ensureKey(ctx context.Context, api *kms.Client, alias, policy string) error {
	_, err := api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &alias})
	var missing *types.NotFoundException
	if err == nil || !errors.As(err, &missing) {
		return err
	}
	key, err := api.CreateKey(ctx, &kms.CreateKeyInput{Description: aws.String("golden images"), Policy: &policy})
	if err != nil {
		return err
	}
	_, err = api.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &alias, TargetKeyId: key.KeyMetadata.KeyId})
	return err
}

// keyPolicy leaves the key to its account, and lets the other account do what
// EC2 does for it when it launches an image or copies it.
func keyPolicy(owner, other string) (string, error) {
	statements := []map[string]any{{
		"Effect": "Allow", "Principal": root(owner), "Action": "kms:*", "Resource": "*",
	}}
	if other != "" {
		statements = append(statements, map[string]any{
			"Effect": "Allow", "Principal": root(other), "Resource": "*",
			"Action": []string{"kms:DescribeKey", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant"},
		})
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	return string(text), err
}

func root(account string) map[string]string {
	return map[string]string{"AWS": "arn:aws:iam::" + account + ":root"}
}
