package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// target is what the calls in one Region name.
type target struct {
	region                      string
	images, snapshots, families []string
}

// kind is one kind of call, and how often it comes among a hundred.
type kind struct {
	name   string
	weight int
	form   func(t target, r *rand.Rand) url.Values
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

func values(action string, pairs ...string) url.Values {
	v := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// kinds are the calls of builds that wait, distribute and retire.
var kinds = []kind{
	{"DescribeImages, one id", 40, func(t target, r *rand.Rand) url.Values {
		return values("DescribeImages", "ImageId.1", pick(r, t.images))
	}},
	{"DescribeImages, name", 12, func(t target, r *rand.Rand) url.Values {
		return values("DescribeImages", "Owner.1", "self", "Filter.1.Name", "name", "Filter.1.Value.1", pick(r, t.families))
	}},
	{"DescribeImages, page of 50", 6, func(target, *rand.Rand) url.Values {
		return values("DescribeImages", "Owner.1", "self", "MaxResults", "50")
	}},
	{"DescribeImages, tag filter", 4, func(_ target, r *rand.Rand) url.Values {
		return values("DescribeImages", "Owner.1", "self", "Filter.1.Name", "tag:build-run", "Filter.1.Value.1", fmt.Sprintf("01K%023d", r.IntN(100)))
	}},
	{"DescribeSnapshots, one id", 16, func(t target, r *rand.Rand) url.Values {
		return values("DescribeSnapshots", "SnapshotId.1", pick(r, t.snapshots))
	}},
	{"DescribeSnapshots, page of 50", 4, func(target, *rand.Rand) url.Values {
		return values("DescribeSnapshots", "Owner.1", "self", "MaxResults", "50")
	}},
	{"DescribeImageAttribute", 4, func(t target, r *rand.Rand) url.Values {
		return values("DescribeImageAttribute", "ImageId", pick(r, t.images), "Attribute", "launchPermission")
	}},
	{"CreateTags", 8, func(t target, r *rand.Rand) url.Values {
		return values("CreateTags", "ResourceId.1", pick(r, t.images), "Tag.1.Key", "checked", "Tag.1.Value", "yes")
	}},
	{"CopyImage", 6, func(t target, r *rand.Rand) url.Values {
		return values("CopyImage", "Name", "copy of an image", "SourceImageId", pick(r, t.images), "SourceRegion", t.region)
	}},
}

// call makes one call in a Region and gives its answer.
func (s *server) call(ctx context.Context, client *http.Client, region string, form url.Values) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// The endpoint looks at the scope of a signature and not at the signature.
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+s.accessKey+"/20260101/"+region+"/ec2/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s in %s: %s: %s", form.Get("Action"), region, answer.Status, body)
	}
	return string(body), err
}

var (
	imageID    = regexp.MustCompile(`<imageId>(ami-[0-9a-f]+)<`)
	imageName  = regexp.MustCompile(`<name>(golden/[^<]+)<`)
	snapshotID = regexp.MustCompile(`<snapshotId>(snap-[0-9a-f]+)<`)
)

// sample asks the endpoint for images and snapshots that the calls can name.
func sample(ctx context.Context, s *server, regions []string) ([]target, error) {
	var all []target
	for _, region := range regions {
		images, err := s.call(ctx, http.DefaultClient, region, values("DescribeImages", "Owner.1", "self", "MaxResults", "500"))
		if strings.Contains(fmt.Sprint(err), "AuthFailure") {
			continue // a Region that the account has not opted in to
		}
		if err != nil {
			return nil, err
		}
		snapshots, err := s.call(ctx, http.DefaultClient, region, values("DescribeSnapshots", "Owner.1", "self", "MaxResults", "500"))
		if err != nil {
			return nil, err
		}
		t := target{region: region, images: texts(imageID, images), families: texts(imageName, images), snapshots: texts(snapshotID, snapshots)}
		if len(t.images) == 0 || len(t.families) == 0 || len(t.snapshots) == 0 {
			return nil, fmt.Errorf("%s has no images or snapshots of the account", region)
		}
		all = append(all, t)
	}
	return all, nil
}

func texts(pattern *regexp.Regexp, text string) []string {
	matches := pattern.FindAllStringSubmatch(text, -1)
	found := make([]string, 0, len(matches))
	for _, m := range matches {
		found = append(found, m[1])
	}
	return found
}
