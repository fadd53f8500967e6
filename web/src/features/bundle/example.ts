/** Recipe 01, ready for a node that is there. */
export const exampleDocument = (host: string): string => `api_version: maestro/v1
project: hello-web
hosts:
  ${host}:
    type: linux
components:
  web:
    source:
      type: docker
      image: nginx
      tag: "1.27-alpine"
    run:
      type: docker
      container_name: hello-web
      ports: ["80:80"]
      restart: unless-stopped
    healthcheck:
      type: http
      url: http://localhost/
      expect_status: 200
deployment:
  - host: ${host}
    components: [web]
`;
