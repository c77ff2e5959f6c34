package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// timeLimit is far more than a few calls to a local endpoint take.
const timeLimit = time.Minute

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	err := run(ctx, os.Args[1:], os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demotable:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: demotable keys|table|figures|calls [flags] [REGION...]")

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	alias := flags.String("alias", "alias/golden", "the `ALIAS` of the keys")
	share := flags.String("share", "", "the `ACCOUNT` that may use the keys too")
	template := flags.String("template", "", "the `DIR` of the template")
	family := flags.String("family", "", "the `NAME` of the family")
	log := flags.String("log", "", "the `FILE` of the calls")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	regions := flags.Args()
	switch args[0] {
	case "calls":
		return printCalls(out, *log)
	case "keys":
		return ensureKeys(ctx, *alias, *share, regions)
	case "figures":
		return printFigures(ctx, out, *family, regions)
	case "table":
		return printTable(ctx, out, *template, *family, regions)
	}
	return errUsage
}

func configOf(ctx context.Context, region string) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return aws.Config{}, fmt.Errorf("AWS settings for %s: %w", region, err)
	}
	return cfg, nil
}
