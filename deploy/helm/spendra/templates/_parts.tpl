{{- /* Parts of several objects. Only what Go's templates can do by themselves is used. */ -}}

{{- define "spendra.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end }}
{{- end -}}

{{- define "spendra.podSecurity" }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 1654
        runAsGroup: 1654
        seccompProfile:
          type: RuntimeDefault
      {{- if .Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range .Values.image.pullSecrets }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
{{- end -}}

{{- define "spendra.containerSecurity" }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: ["ALL"]
{{- end -}}

{{- define "spendra.resources" }}
          resources:
            {{- range $kind, $amounts := . }}
            {{ $kind }}:
              {{- range $name, $amount := $amounts }}
              {{ $name }}: {{ printf "%q" $amount }}
              {{- end }}
            {{- end }}
{{- end -}}
