package workflows

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

const (
	encodingEncrypted = "binary/encrypted"
	keyIDMetadata     = "encryption-key-id"
)

// Key is a named AES-256 key.
type Key struct {
	ID     string
	Secret []byte // 32 bytes
}

// ParseKeys reads "id:base64,id:base64". The first key encrypts; the others only decrypt, for as long as histories
// made with them are kept.
func ParseKeys(s string) ([]Key, error) {
	var keys []Key
	for i, part := range strings.Split(s, ",") {
		id, text, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok || id == "" {
			return nil, fmt.Errorf("key %d is not written as id:base64", i+1)
		}
		secret, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("key %q is not base64", id) // never with the text: it may be a secret
		}
		keys = append(keys, Key{ID: id, Secret: secret})
	}
	return keys, nil
}

// Codec encrypts every payload that leaves the process for Temporal (AES-256-GCM). The key's id travels in the
// payload's metadata and is bound to it.
type Codec struct {
	current string
	keys    map[string]cipher.AEAD
}

// NewCodec makes a codec that encrypts with the first key and decrypts with all.
func NewCodec(keys ...Key) (*Codec, error) {
	if len(keys) == 0 {
		return nil, errors.New("no encryption key")
	}
	c := &Codec{current: keys[0].ID, keys: map[string]cipher.AEAD{}}
	for _, k := range keys {
		if len(k.Secret) != 32 {
			return nil, fmt.Errorf("key %q has %d bytes; AES-256 needs 32", k.ID, len(k.Secret))
		}
		if _, twice := c.keys[k.ID]; twice {
			return nil, fmt.Errorf("key %q is given twice", k.ID)
		}
		block, err := aes.NewCipher(k.Secret)
		if err != nil {
			return nil, err
		}
		if c.keys[k.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Encode encrypts payloads with the current key.
func (c *Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encodingEncrypted), keyIDMetadata: []byte(c.current)},
			Data:     c.keys[c.current].Seal(nil, nil, plain, []byte(c.current)), //nolint:gosec // this AEAD makes its own random nonce
		}
	}
	return out, nil
}

// Decode decrypts payloads by the key that each names; those that were never encrypted pass.
func (c *Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encodingEncrypted {
			out[i] = p
			continue
		}
		id := string(p.GetMetadata()[keyIDMetadata])
		key, ok := c.keys[id]
		if !ok {
			return nil, fmt.Errorf("payload is encrypted with key %q, which is not among the configured keys", id)
		}
		plain, err := key.Open(nil, nil, p.GetData(), []byte(id))
		if err != nil {
			return nil, fmt.Errorf("payload does not decrypt with key %q: it is another key of that name, or the payload was changed", id)
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// DataConverter writes JSON and encrypts it.
func DataConverter(c *Codec) converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)
}

// FailureConverter encrypts what a failure says as well.
func FailureConverter(c *Codec) converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter:          DataConverter(c),
		EncodeCommonAttributes: true,
	})
}
