namespace Spendra.Control.Tests;

/// <summary>Declaration files that several tests use.</summary>
internal static class Files
{
    /// <summary>One of everything.</summary>
    public const string Acme = """
        organization:
          slug: acme
          name: Acme Corporation
          timeZone: Europe/Madrid
        branches:
          - slug: emea
            name: Europe and more
        teams:
          - slug: search
            name: Search
            branch: emea
          - slug: ads
        projects:
          - slug: ranking
            name: Ranking
          - slug: billing
        employees:
          - slug: e1001
            name: Ada Lovelace
            email: ada@example.com
            team: search
            projects: [ranking]
          - slug: e1002
        agents:
          - slug: crawler
            name: Crawler
            owner: team/search
          - slug: writer
            owner: employee/e1001
          - slug: ranker
            owner: project/ranking
        subagents:
          - slug: fetcher
            name: Fetcher
            agent: crawler
        providerAccounts:
          - slug: main
            provider: openai
            credential:
              env: OPENAI_API_KEY
          - slug: second
            provider: openai
            baseUrl: http://127.0.0.1:8080
            credential:
              value: sk-secret-one
        prices:
          - provider: openai
            model: house-model
            inputUsdPerMillion: 1.25
            cachedInputUsdPerMillion: 0.125
            outputUsdPerMillion: 10
            contextWindow: 400000
            maxOutput: 128000
            longContext:
              aboveInputTokens: 272000
              inputUsdPerMillion: 2.5
              outputUsdPerMillion: 15
            tiers:
              flex: 50
              priority: 200
          - provider: openai
            model: gpt-5.4
            inputUsdPerMillion: 3
            outputUsdPerMillion: 16
            effectiveFrom: 2027-01-01T00:00:00+01:00
        budgets:
          - slug: all-2026
            scope: organization
            amountUsd: 100000
            period: year
            fiscalStartMonth: 4
          - slug: search-month
            scope: team/search
            amountUsd: 500.25
            period: month
          - slug: ada-week
            scope: employee/e1001
            amountUsd: "20"
            period: week
            weekStart: sunday
            timeZone: America/New_York
          - slug: launch
            scope: project/ranking
            amountUsd: 1
            period: range
            from: 2026-07-01
            to: 2026-09-30
          - slug: crawler-ever
            scope: agent/crawler
            amountUsd: 0.000000001
            period: total
        policies:
          - slug: all-cap
            kind: hard_cap
            scope: organization
            budget: all-2026
          - slug: search-cap
            kind: hard_cap
            budget: search-month
            models: [gpt-5.4, gpt-5.4-mini]
            environments: [production]
          - slug: ada-soft
            kind: soft_cap
            scope: employee/e1001
            budget: ada-week
          - slug: search-alert
            kind: alert
            scope: team/search
            budget: search-month
            thresholdsPercent: [80, 50, 100]
          - slug: big-ones
            kind: review
            scope: organization
            aboveUsd: 25
          - slug: search-models
            kind: allowlist
            scope: team/search
            providers: [openai]
            models: [gpt-5.4, house-model]
            tools: []
            onDenied: strip
            environments: [production]
          - slug: limits
            kind: request_limit
            scope: project/ranking
            maxRequestUsd: 2.5
            maxOutputTokens: 4000
            maxConcurrent: 8
            filter:
              providers: [openai]
        keys:
          - slug: ada
            actor: employee/e1001
            project: ranking
            models: [gpt-5.4]
            environment: production
            maxRequestUsd: 0.5
            expiresAt: 2027-06-30T18:00:00+02:00
          - slug: crawler-key
            actor: agent/crawler
            tools: [web_search]
          - slug: fetcher-key
            actor: subagent/fetcher
            providers: []
        """;
}
