# syntax=docker/dockerfile:1
# One static binary on an empty base: no shell, no package manager, no root.

# The version is the one of the go line in go.mod; deploy/compose_test.go compares them.
FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm AS build
WORKDIR /src
ARG GOPROXY=https://proxy.golang.org,direct
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
# -buildvcs=false: .dockerignore leaves the history out.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -buildvcs=false -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /out/fairreview ./cmd/fairreview
RUN mkdir -p /out/etc /out/tmp && chmod 1777 /out/tmp && \
    echo 'fairreview:x:65532:65532::/:/sbin/nologin' >/out/etc/passwd && \
    cp /usr/local/go/lib/time/zoneinfo.zip /out/zoneinfo.zip

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/ /
COPY LICENSE /LICENSE
ENV ZONEINFO=/zoneinfo.zip
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/fairreview"]
CMD ["serve"]
