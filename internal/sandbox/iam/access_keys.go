package iam

import (
	"sort"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/wire"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

func init() {
	action.Add(Actions, "CreateAccessKey", createAccessKey)
	action.Add(Actions, "ListAccessKeys", listAccessKeys)
	action.Add(Actions, "UpdateAccessKey", updateAccessKey)
	action.Add(Actions, "DeleteAccessKey", deleteAccessKey)
}

// keysOf are a user's access keys, the oldest first.
func keysOf(a *world.Account, user string) []*world.AccessKey {
	var keys []*world.AccessKey
	for _, k := range a.AccessKeys {
		if k.User == user {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		if keys[i].Created.Equal(keys[j].Created) {
			return keys[i].ID < keys[j].ID
		}
		return keys[i].Created.Before(keys[j].Created)
	})
	return keys
}

type accessKeyItem struct {
	User    string        `xml:"UserName"`
	ID      string        `xml:"AccessKeyId"`
	Status  string        `xml:"Status"`
	Secret  string        `xml:"SecretAccessKey,omitempty"`
	Created wire.DateTime `xml:"CreateDate"`
}

const (
	active   = "Active"
	inactive = "Inactive"
)

func accessKeyView(k *world.AccessKey) accessKeyItem {
	item := accessKeyItem{User: k.User, ID: k.ID, Status: active, Created: wire.DateTime(k.Created)}
	if k.Inactive {
		item.Status = inactive
	}
	return item
}

type createAccessKeyOutput struct {
	Key accessKeyItem `xml:"AccessKey"`
}

// createAccessKey gives the only look at the secret.
func createAccessKey(c *action.Call, in *orCaller) (*createAccessKeyOutput, error) {
	u, err := in.user(c)
	if err != nil {
		return nil, err
	}
	const most = 2
	a := c.World.Account(c.Account)
	if len(keysOf(a, u.Name)) >= most {
		return nil, limit("Cannot exceed quota for AccessKeysPerUser: %d", most)
	}
	k := a.NewAccessKey(c.World, u)
	item := accessKeyView(k)
	item.Secret = k.Secret
	return &createAccessKeyOutput{item}, nil
}

type listAccessKeysInput struct {
	orCaller
	paged
}

type listAccessKeysOutput struct {
	Keys wire.Members[accessKeyItem] `xml:"AccessKeyMetadata"`
	page
}

func listAccessKeys(c *action.Call, in *listAccessKeysInput) (*listAccessKeysOutput, error) {
	u, err := in.user(c)
	if err != nil {
		return nil, err
	}
	var all []accessKeyItem
	for _, k := range keysOf(c.World.Account(c.Account), u.Name) {
		all = append(all, accessKeyView(k))
	}
	sort.Slice(all, func(i, j int) bool { return all[i].ID < all[j].ID })
	part, p, err := cut(all, in.paged, func(k accessKeyItem) string { return k.ID })
	return &listAccessKeysOutput{Keys: part, page: p}, err
}

type accessKeyInput struct {
	orCaller
	ID string `q:"AccessKeyId,required"`
}

func (in accessKeyInput) key(c *action.Call) (*world.AccessKey, error) {
	u, err := in.user(c)
	if err != nil {
		return nil, err
	}
	k := c.World.Account(c.Account).AccessKeys[in.ID]
	if k == nil || k.User != u.Name {
		return nil, noSuch("The Access Key with id %s cannot be found.", in.ID)
	}
	return k, nil
}

type updateAccessKeyInput struct {
	accessKeyInput
	Status string `q:"Status,required"`
}

// updateAccessKey makes a pair of keys inactive, so that it is refused, or active.
func updateAccessKey(c *action.Call, in *updateAccessKeyInput) (*struct{}, error) {
	k, err := in.key(c)
	if err != nil {
		return nil, err
	}
	if in.Status != active && in.Status != inactive {
		return nil, invalid("1 validation error detected: Value '%s' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]", in.Status)
	}
	k.Inactive = in.Status == inactive
	return nil, nil //nolint:nilnil // the answer has no result
}

func deleteAccessKey(c *action.Call, in *accessKeyInput) (*struct{}, error) {
	k, err := in.key(c)
	if err != nil {
		return nil, err
	}
	delete(c.World.Account(c.Account).AccessKeys, k.ID)
	return nil, nil //nolint:nilnil // the answer has no result
}
