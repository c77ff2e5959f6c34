package ami

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// oddKeys are those of tags that others could have written, or that were damaged.
func oddKeys() []string {
	return []string{
		tagSchema, tagFamily, tagTier, tagState, tagVersion, tagParentVersion, tagBuiltAt, tagExpiresAt, tagLaunchTemplate,
		"Goldenami:state", "goldenami: state", "goldenami:State", "goldenami", "goldenami:", "Name", "aws:ec2:x", "ec2:SharedTag/goldenami:state",
		"goldеnami:state", // a Cyrillic letter
	}
}

// oddValues are empty, over-long, almost right, or in letters that only look right.
func oddValues() []string {
	return []string{
		"", " ", "good ", "GOOD", "ɡood", "good\x00", "good,bad", "*", "?", "\xff\xfe", "🥇", strings.Repeat("x", 257), strings.Repeat("ä", 257),
		"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01ARZ3NDEKTSV4RRFFQ69G5FA",
		"9999-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "2026-11-20T12:00:00.000Z", "2026-11-20 12:00:00", "0", "1", "01", "2", "lt-0:1",
	}
}

// neverFound fails for tags that do not parse on an image that is found all the same.
func neverFound(t *testing.T, tags []types.Tag) {
	t.Helper()
	image := described("ami-odd", goodMeta(), func(i *types.Image) { i.Tags = tags })
	found, err := Find(t.Context(), &fakeEC2{pageSize: 10, images: []types.Image{image}}, "eu-west-1", Query{States: States(), IncludeExpired: true, Now: now})
	if err != nil || len(found) != 0 {
		t.Fatalf("found %+v, %v", found, err)
	}
}

// FuzzParseMore puts a tag beside those of a good image: a foreign one changes
// nothing, and one of ours that is there twice makes the image nobody's.
func FuzzParseMore(f *testing.F) {
	for _, key := range oddKeys() {
		for _, value := range oddValues() {
			f.Add(key, value)
		}
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		good := goodMeta()
		tags := append(EC2Tags(good.Tags()), types.Tag{Key: aws.String(key), Value: aws.String(value)})
		m, ok := Parse(tags)
		if !strings.HasPrefix(key, TagPrefix) && (!ok || m != good) {
			t.Fatalf("a foreign tag changes the image: %+v, %v", m, ok)
		}
		if _, twice := good.Tags()[key]; twice && ok {
			t.Fatalf("%s is there twice, and the image is read as %+v", key, m)
		}
		if !ok {
			neverFound(t, tags)
		}
	})
}
