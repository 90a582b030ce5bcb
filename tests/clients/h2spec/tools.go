//go:build tools

// The version of h2spec that the test builds, by go.mod and go.sum.
package tools

import _ "github.com/summerwind/h2spec/cmd/h2spec"
