package workflows

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/fairreview/fairreview/review"
)

func key(id string, b byte) Key { return Key{ID: id, Secret: bytes.Repeat([]byte{b}, 32)} }

func codec(t *testing.T, keys ...Key) *Codec {
	t.Helper()
	c, err := NewCodec(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCodec(t *testing.T) {
	old, both := codec(t, key("2025", 1)), codec(t, key("2026", 2), key("2025", 1))
	in := review.Case{ID: "x", Measure: review.Measure{Title: "关于支持首店经济发展的若干措施"}}
	p, err := DataConverter(old).ToPayload(in)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(p.Data, []byte("首店")) || string(p.Metadata[keyIDMetadata]) != "2025" {
		t.Errorf("payload %v", p)
	}
	t.Run("an old key still decrypts and no longer encrypts", func(t *testing.T) {
		var got review.Case
		if err := DataConverter(both).FromPayload(p, &got); err != nil || got.Measure.Title != in.Measure.Title {
			t.Errorf("%v %v", got, err)
		}
		again, err := DataConverter(both).ToPayload(in)
		if err != nil || string(again.Metadata[keyIDMetadata]) != "2026" {
			t.Errorf("%v %v", again, err)
		}
	})
	t.Run("the same twice is not the same", func(t *testing.T) {
		again, err := DataConverter(old).ToPayload(in)
		if err != nil || bytes.Equal(again.Data, p.Data) {
			t.Errorf("%v %v", again, err)
		}
	})
	t.Run("a key that is not configured is named", func(t *testing.T) {
		var got review.Case
		if err := DataConverter(codec(t, key("2026", 2))).FromPayload(p, &got); err == nil || !strings.Contains(err.Error(), `key "2025"`) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a changed payload is refused", func(t *testing.T) {
		for i := range p.Data {
			bad := bytes.Clone(p.Data)
			bad[i] ^= 1
			if _, err := old.Decode([]*commonpb.Payload{{Metadata: p.Metadata, Data: bad}}); err == nil {
				t.Fatalf("byte %d may be changed", i)
			}
		}
		if _, err := old.Decode([]*commonpb.Payload{{Metadata: p.Metadata}}); err == nil {
			t.Error("an empty payload passes")
		}
	})
	t.Run("what was never encrypted passes", func(t *testing.T) {
		plain := &commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte("1")}
		got, err := old.Decode([]*commonpb.Payload{plain})
		if err != nil || got[0] != plain {
			t.Errorf("%v %v", got, err)
		}
	})
	t.Run("what a failure says is encrypted and comes back", func(t *testing.T) {
		fc := FailureConverter(both)
		f := fc.ErrorToFailure(temporal.NewNonRetryableApplicationError("a secret", "conflict", errors.New("another secret"), review.Refuse(review.Conflict, "who", "张三")))
		text := f.String()
		if strings.Contains(text, "secret") || strings.Contains(text, "张三") {
			t.Errorf("failure %s", text)
		}
		var app *temporal.ApplicationError
		var got review.Error
		if err := fc.FailureToError(f); !errors.As(err, &app) || app.Details(&got) != nil || got.Params["who"] != "张三" {
			t.Errorf("%v %v", err, got)
		}
	})
}

func TestParseKeys(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	for _, tt := range []struct{ name, in, err string }{
		{"one", "a:" + good, ""},
		{"two, with a space", "a:" + good + ", b:" + good, ""},
		{"none", "", "id:base64"},
		{"no id", ":" + good, "id:base64"},
		{"no colon", good, "id:base64"},
		{"not base64", "a:secret!", `key "a" is not base64`},
		{"too short", "a:c2hvcnQ=", `key "a" has 5 bytes`},
		{"twice", "a:" + good + ",a:" + good, `key "a" is given twice`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := ParseKeys(tt.in)
			if err == nil {
				_, err = NewCodec(keys...)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if err != nil && strings.Contains(err.Error(), "secret!") {
				t.Error("the error shows the key")
			}
		})
	}
}
