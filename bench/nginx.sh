# shellcheck shell=bash
# The provider stand-in and the pass-through that Spendra is compared with. Sourced by run.sh.

completion='{"id":"chatcmpl-bench","object":"chat.completion","created":1750000000,"model":"'$model'","choices":[{"index":0,"message":{"role":"assistant","content":"A budget tells everyone in advance how far they may go."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":31,"completion_tokens":12,"total_tokens":43,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}'

# nginx_config PORT SERVER_BODY [HTTP_BODY]: all paths inside the folder that nginx runs in.
nginx_config() {
    cat <<CONF
worker_processes auto;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 1000000000;
    default_type application/json;
    ${3-}
    server {
        listen 127.0.0.1:$1;
        $2
    }
}
CONF
}

# start_nginx NAME CONFIG; not at the end of a pipe, where `remember` would be lost in a subshell.
start_nginx() {
    local name=$1 folder=$work/$1
    mkdir -p "$folder"
    echo "$2" >"$folder/nginx.conf"
    nginx -p "$folder" -e error.log -c nginx.conf -g 'daemon off;' &
    remember $! "$name"
}

start_upstream() {
    start_nginx upstream "$(nginx_config "$upstream_port" "location / { return 200 '$completion'; }")"
    wait_for "http://127.0.0.1:$upstream_port/"
}

start_pass_through() {
    start_nginx pass-through "$(nginx_config "$nginx_port" "
        location / {
            proxy_pass http://provider;
            proxy_http_version 1.1;
            proxy_set_header Connection '';
        }" "upstream provider {
            server 127.0.0.1:$upstream_port;
            keepalive 64;
            keepalive_requests 1000000000;
        }")"
    wait_for "http://127.0.0.1:$nginx_port/"
}
