package kms

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/action"
	"github.com/goldenami/packer-plugin-goldenami/internal/sandbox/world"
)

// A ciphertext is a header, the key's id after its length, a nonce, and what
// AES-256-GCM makes of the plaintext with the key's material. The id and the
// encryption context are authenticated with it. KMS does not publish its own form;
// blobs of one begin with the same bytes, and neither opens the other's.
const header = "\x01\x02\x02\x00"

const (
	materialBytes = 32
	nonceBytes    = 12
)

// material gives the key's material and makes it when the key is first used.
func material(c *action.Call, k *world.Key) []byte {
	if len(k.Material) == 0 {
		k.Material = make([]byte, materialBytes)
		_, _ = c.World.Read(k.Material) // it never fails
	}
	return k.Material
}

// materialID names the material, as KMS does, without telling it.
func materialID(c *action.Call, k *world.Key) string {
	sum := sha256.Sum256(append([]byte("material "+k.ID+" "), material(c, k)...))
	return hex.EncodeToString(sum[:])
}

func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("kms: the material of a key has another length: " + err.Error())
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic("kms: AES has another block size: " + err.Error())
	}
	return gcm
}

// bound is what a ciphertext authenticates: the key's id and the encryption
// context in an order of its own.
func bound(id string, context map[string]string) []byte {
	if context == nil {
		context = map[string]string{}
	}
	text, err := json.Marshal(context) // sorts by key
	if err != nil {
		panic("kms: strings always marshal: " + err.Error())
	}
	return append([]byte(id+" "), text...)
}

func seal(c *action.Call, k *world.Key, plaintext []byte, context map[string]string) []byte {
	nonce := make([]byte, nonceBytes)
	_, _ = c.World.Read(nonce)                      // it never fails
	blob := append([]byte(header), byte(len(k.ID))) //nolint:gosec // an id has 36 characters
	blob = append(append(blob, k.ID...), nonce...)
	return aead(material(c, k)).Seal(blob, nonce, plaintext, bound(k.ID, context))
}

// split gives the id of the key that made a ciphertext, and what follows it.
func split(blob []byte) (id string, rest []byte, ok bool) {
	body, ok := bytes.CutPrefix(blob, []byte(header))
	if !ok || len(body) == 0 || len(body) < 1+int(body[0])+nonceBytes {
		return "", nil, false
	}
	n := int(body[0])
	return string(body[1 : 1+n]), body[1+n:], true
}

// unseal gives the plaintext of what [split] left, false when it was changed or
// the context is another.
func unseal(c *action.Call, k *world.Key, rest []byte, context map[string]string) ([]byte, bool) {
	plaintext, err := aead(material(c, k)).Open(nil, rest[:nonceBytes], rest[nonceBytes:], bound(k.ID, context))
	return plaintext, err == nil
}
