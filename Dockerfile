# Builds stampede and leaves one binary in a small image without a shell, which runs as nobody in
# particular.
#
#   docker build -t stampede .
#   docker run -p 8080:8080 -v stampede:/data stampede

FROM rust:1.89-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
# The folder is made here, because the last image has nothing that could make one.
RUN cargo build --profile dist --locked --bin stampede && mkdir /data

# glibc and certificates, and nothing else.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /build/target/dist/stampede /usr/local/bin/stampede
COPY --from=build --chown=nonroot:nonroot /data /data
ENV STAMPEDE_LISTEN=0.0.0.0:8080 STAMPEDE_DATA=/data
EXPOSE 8080
VOLUME /data
USER nonroot
ENTRYPOINT ["stampede"]
CMD ["serve"]
