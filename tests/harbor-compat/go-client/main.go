// Works with a registry through Harbor's own client for Go, as a team's automation does, and says what it did. It ends
// with 1 at the first answer that is not what Harbor's would be. Arguments: URL, user, password, and the repository of
// an image that is there, as project/repository:tag.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/goharbor/go-client/pkg/harbor"
	v2 "github.com/goharbor/go-client/pkg/sdk/v2.0/client"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/artifact"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/auditlog"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/configure"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/health"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/label"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/member"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/permissions"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/ping"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/project"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/project_metadata"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/quota"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/repository"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/robot"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/search"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/statistic"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/systeminfo"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/user"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/client/webhook"
	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"
)

var ctx = context.Background()

func must[T any](what string) func(T, error) T {
	return func(answer T, err error) T {
		check(what, err == nil, err)
		return answer
	}
}

func check(what string, ok bool, seen any) {
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, seen)
		os.Exit(1)
	}
	fmt.Println(what)
}

func ptr[T any](value T) *T { return &value }

func connect(url, name, password string) *v2.HarborAPI {
	set := must[*harbor.ClientSet]("connect as " + name)(
		harbor.NewClientSet(&harbor.ClientSetConfig{URL: url, Username: name, Password: password}))
	return set.V2()
}

func main() {
	url, name, password, image := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	api := connect(url, name, password)
	system(api, name)
	id := projects(api)
	people(api, url)
	robots(api, url, id)
	artifacts(api, image)
	labels(api, id)
	quotas(api, id)
	webhooks(api)
	audit(api)
	_, err := api.Project.DeleteProject(ctx, &project.DeleteProjectParams{ProjectNameOrID: "go-team"})
	check("delete a project", err == nil, err)
	_, err = api.Project.GetProject(ctx, &project.GetProjectParams{ProjectNameOrID: "go-team"})
	check("a project that is gone is not found", err != nil && strings.Contains(err.Error(), "404"), err)
}

func system(api *v2.HarborAPI, name string) {
	pong := must[*ping.GetPingOK]("ping")(api.Ping.GetPing(ctx, &ping.GetPingParams{}))
	check("ping says Pong", pong.Payload == "Pong", pong.Payload)
	well := must[*health.GetHealthOK]("health")(api.Health.GetHealth(ctx, &health.GetHealthParams{}))
	check("it is healthy", well.Payload.Status == "healthy", well.Payload)
	me := must[*user.GetCurrentUserInfoOK]("current user")(
		api.User.GetCurrentUserInfo(ctx, &user.GetCurrentUserInfoParams{}))
	check("it knows who asks", me.Payload.Username == name && me.Payload.SysadminFlag, me.Payload)
	info := must[*systeminfo.GetSystemInfoOK]("system info")(
		api.Systeminfo.GetSystemInfo(ctx, &systeminfo.GetSystemInfoParams{}))
	check("it names a version of Harbor", strings.HasPrefix(*info.Payload.HarborVersion, "v2."), *info.Payload.HarborVersion)
	settings := must[*configure.GetConfigurationsOK]("settings")(
		api.Configure.GetConfigurations(ctx, &configure.GetConfigurationsParams{}))
	check("settings have values", settings.Payload.AuthMode.Value == "db_auth", settings.Payload.AuthMode)
	must[*configure.UpdateConfigurationsOK]("change a setting")(
		api.Configure.UpdateConfigurations(ctx, &configure.UpdateConfigurationsParams{
			Configurations: &models.Configurations{SessionTimeout: ptr(int64(45))},
		}))
	may := must[*permissions.GetPermissionsOK]("permissions")(
		api.Permissions.GetPermissions(ctx, &permissions.GetPermissionsParams{}))
	check("what robots can be given is listed", len(may.Payload.Project) > 60 && len(may.Payload.System) > 60, len(may.Payload.Project))
	must[*statistic.GetStatisticOK]("statistics")(api.Statistic.GetStatistic(ctx, &statistic.GetStatisticParams{}))
}

func projects(api *v2.HarborAPI) int32 {
	created := must[*project.CreateProjectCreated]("create a project")(
		api.Project.CreateProject(ctx, &project.CreateProjectParams{Project: &models.ProjectReq{
			ProjectName: "go-team",
			Metadata:    &models.ProjectMetadata{Public: "false"},
		}}))
	check("its address is told", strings.HasPrefix(created.Location, "/api/v2.0/projects/"), created.Location)
	_, err := api.Project.CreateProject(ctx, &project.CreateProjectParams{Project: &models.ProjectReq{ProjectName: "go-team"}})
	_, conflict := err.(*project.CreateProjectConflict)
	check("a second of the name is a conflict", conflict, err)
	listed := must[*project.ListProjectsOK]("list projects")(
		api.Project.ListProjects(ctx, &project.ListProjectsParams{Name: ptr("go-team"), WithDetail: ptr(true)}))
	check("the project is listed and counted", len(listed.Payload) == 1 && listed.XTotalCount == 1, listed.XTotalCount)
	must[*project.UpdateProjectOK]("change a project")(
		api.Project.UpdateProject(ctx, &project.UpdateProjectParams{
			ProjectNameOrID: "go-team",
			Project:         &models.ProjectReq{Metadata: &models.ProjectMetadata{Public: "true"}},
		}))
	got := must[*project.GetProjectOK]("get a project")(
		api.Project.GetProject(ctx, &project.GetProjectParams{ProjectNameOrID: "go-team"}))
	check("the change is there", got.Payload.Metadata.Public == "true", got.Payload.Metadata)
	must[*project_metadata.UpdateProjectMetadataOK]("change one of its settings")(
		api.ProjectMetadata.UpdateProjectMetadata(ctx, &project_metadata.UpdateProjectMetadataParams{
			ProjectNameOrID: "go-team", MetaName: "public", Metadata: map[string]string{"public": "true"},
		}))
	must[*project.GetProjectSummaryOK]("its summary")(
		api.Project.GetProjectSummary(ctx, &project.GetProjectSummaryParams{ProjectNameOrID: "go-team"}))
	found := must[*search.SearchOK]("search")(api.Search.Search(ctx, &search.SearchParams{Q: "go-te"}))
	check("the project is found", len(found.Payload.Project) == 1, found.Payload)
	return got.Payload.ProjectID
}

func people(api *v2.HarborAPI, url string) {
	made := must[*user.CreateUserCreated]("create a user")(
		api.User.CreateUser(ctx, &user.CreateUserParams{UserReq: &models.UserCreationReq{
			Username: "gopher", Email: "gopher@example.com", Realname: "Go Pher", Password: "Password123",
		}}))
	check("the address of the user is told", strings.HasPrefix(made.Location, "/api/v2.0/users/"), made.Location)
	users := must[*user.ListUsersOK]("list users")(api.User.ListUsers(ctx, &user.ListUsersParams{Q: ptr("username=gopher")}))
	check("the user is listed", len(users.Payload) == 1, users.Payload)
	id := users.Payload[0].UserID
	must[*member.CreateProjectMemberCreated]("make a member")(
		api.Member.CreateProjectMember(ctx, &member.CreateProjectMemberParams{
			ProjectNameOrID: "go-team",
			ProjectMember:   &models.ProjectMember{RoleID: 2, MemberUser: &models.UserEntity{Username: "gopher"}},
		}))
	members := must[*member.ListProjectMembersOK]("list members")(
		api.Member.ListProjectMembers(ctx, &member.ListProjectMembersParams{ProjectNameOrID: "go-team", Entityname: ptr("gopher")}))
	check("the member has its role", len(members.Payload) == 1 && members.Payload[0].RoleName == "developer", members.Payload)
	must[*member.UpdateProjectMemberOK]("change the role")(
		api.Member.UpdateProjectMember(ctx, &member.UpdateProjectMemberParams{
			ProjectNameOrID: "go-team", Mid: members.Payload[0].ID, Role: &models.RoleRequest{RoleID: 3},
		}))
	own := connect(url, "gopher", "Password123")
	_, err := own.Project.UpdateProject(ctx, &project.UpdateProjectParams{
		ProjectNameOrID: "go-team", Project: &models.ProjectReq{Metadata: &models.ProjectMetadata{Public: "false"}},
	})
	_, forbidden := err.(*project.UpdateProjectForbidden)
	check("a guest changes no project", forbidden, err)
	must[*user.UpdateUserPasswordOK]("change one's password")(
		own.User.UpdateUserPassword(ctx, &user.UpdateUserPasswordParams{
			UserID: id, Password: &models.PasswordReq{OldPassword: "Password123", NewPassword: "Password456"},
		}))
	must[*user.SetUserSysAdminOK]("make an administrator")(
		api.User.SetUserSysAdmin(ctx, &user.SetUserSysAdminParams{UserID: id, SysadminFlag: &models.UserSysAdminFlag{SysadminFlag: true}}))
	must[*member.DeleteProjectMemberOK]("remove a member")(
		api.Member.DeleteProjectMember(ctx, &member.DeleteProjectMemberParams{ProjectNameOrID: "go-team", Mid: members.Payload[0].ID}))
	must[*user.DeleteUserOK]("delete a user")(api.User.DeleteUser(ctx, &user.DeleteUserParams{UserID: id}))
}

func robots(api *v2.HarborAPI, url string, projectID int32) {
	made := must[*robot.CreateRobotCreated]("create a robot")(
		api.Robot.CreateRobot(ctx, &robot.CreateRobotParams{Robot: &models.RobotCreate{
			Name: "ci", Level: "project", Duration: 30,
			Permissions: []*models.RobotPermission{{
				Kind: "project", Namespace: "go-team",
				Access: []*models.Access{{Resource: "repository", Action: "pull"}, {Resource: "repository", Action: "list"}},
			}},
		}}))
	check("its secret is told once", len(made.Payload.Secret) >= 8, made.Payload.Name)
	listed := must[*robot.ListRobotOK]("list robots")(
		api.Robot.ListRobot(ctx, &robot.ListRobotParams{Q: ptr(fmt.Sprintf("Level=project,ProjectID=%d", projectID))}))
	check("the robot is listed", len(listed.Payload) == 1 && listed.Payload[0].Secret == "", listed.Payload)
	as := connect(url, made.Payload.Name, made.Payload.Secret)
	must[*repository.ListRepositoriesOK]("the robot lists repositories")(
		as.Repository.ListRepositories(ctx, &repository.ListRepositoriesParams{ProjectName: "go-team"}))
	fresh := must[*robot.RefreshSecOK]("refresh its secret")(
		api.Robot.RefreshSec(ctx, &robot.RefreshSecParams{RobotID: made.Payload.ID, RobotSec: &models.RobotSec{}}))
	check("the new secret is told", fresh.Payload.Secret != "" && fresh.Payload.Secret != made.Payload.Secret, "")
	must[*robot.DeleteRobotOK]("delete a robot")(
		api.Robot.DeleteRobot(ctx, &robot.DeleteRobotParams{RobotID: made.Payload.ID}))
}

func artifacts(api *v2.HarborAPI, image string) {
	path, tag, _ := strings.Cut(image, ":")
	space, name, _ := strings.Cut(path, "/")
	// The client encodes a path once, and Harbor wants slashes of a repository encoded twice.
	name = strings.ReplaceAll(name, "/", "%2F")
	listed := must[*artifact.ListArtifactsOK]("list artifacts")(
		api.Artifact.ListArtifacts(ctx, &artifact.ListArtifactsParams{
			ProjectName: space, RepositoryName: name, WithTag: ptr(true), WithLabel: ptr(true),
		}))
	check("the image is listed", len(listed.Payload) == 1 && listed.Payload[0].Type == "IMAGE", listed.Payload)
	got := must[*artifact.GetArtifactOK]("get an artifact")(
		api.Artifact.GetArtifact(ctx, &artifact.GetArtifactParams{ProjectName: space, RepositoryName: name, Reference: tag}))
	check("it has its tag", len(got.Payload.Tags) == 1 && got.Payload.Tags[0].Name == tag, got.Payload.Tags)
	must[*artifact.CreateTagCreated]("tag it")(api.Artifact.CreateTag(ctx, &artifact.CreateTagParams{
		ProjectName: space, RepositoryName: name, Reference: tag, Tag: &models.Tag{Name: "again"},
	}))
	tags := must[*artifact.ListTagsOK]("list tags")(
		api.Artifact.ListTags(ctx, &artifact.ListTagsParams{ProjectName: space, RepositoryName: name, Reference: tag}))
	check("it has two tags", len(tags.Payload) == 2, tags.Payload)
	must[*artifact.DeleteTagOK]("take a tag away")(api.Artifact.DeleteTag(ctx, &artifact.DeleteTagParams{
		ProjectName: space, RepositoryName: name, Reference: tag, TagName: "again",
	}))
	must[*repository.UpdateRepositoryOK]("describe a repository")(
		api.Repository.UpdateRepository(ctx, &repository.UpdateRepositoryParams{
			ProjectName: space, RepositoryName: name, Repository: &models.Repository{Description: "by Go"},
		}))
	repo := must[*repository.GetRepositoryOK]("get a repository")(
		api.Repository.GetRepository(ctx, &repository.GetRepositoryParams{ProjectName: space, RepositoryName: name}))
	check("it is described", repo.Payload.Description == "by Go", repo.Payload)
}

func labels(api *v2.HarborAPI, projectID int32) {
	made := must[*label.CreateLabelCreated]("create a label")(
		api.Label.CreateLabel(ctx, &label.CreateLabelParams{Label: &models.Label{
			Name: "good", Color: "#00AA44", Scope: "p", ProjectID: int64(projectID),
		}}))
	check("the address of the label is told", strings.HasPrefix(made.Location, "/api/v2.0/labels/"), made.Location)
	listed := must[*label.ListLabelsOK]("list labels")(
		api.Label.ListLabels(ctx, &label.ListLabelsParams{Scope: ptr("p"), ProjectID: ptr(int64(projectID))}))
	check("the label is listed", len(listed.Payload) == 1, listed.Payload)
	must[*label.DeleteLabelOK]("delete a label")(
		api.Label.DeleteLabel(ctx, &label.DeleteLabelParams{LabelID: listed.Payload[0].ID}))
}

func quotas(api *v2.HarborAPI, projectID int32) {
	listed := must[*quota.ListQuotasOK]("list quotas")(
		api.Quota.ListQuotas(ctx, &quota.ListQuotasParams{Reference: ptr("project"), ReferenceID: ptr(fmt.Sprint(projectID))}))
	check("the project has a quota", len(listed.Payload) == 1, listed.Payload)
	must[*quota.UpdateQuotaOK]("change a quota")(api.Quota.UpdateQuota(ctx, &quota.UpdateQuotaParams{
		ID: listed.Payload[0].ID, Hard: &models.QuotaUpdateReq{Hard: models.ResourceList{"storage": 1 << 30}},
	}))
	got := must[*quota.GetQuotaOK]("get a quota")(api.Quota.GetQuota(ctx, &quota.GetQuotaParams{ID: listed.Payload[0].ID}))
	check("the quota is changed", got.Payload.Hard["storage"] == 1<<30, got.Payload)
}

func webhooks(api *v2.HarborAPI) {
	must[*webhook.CreateWebhookPolicyOfProjectCreated]("create a webhook")(
		api.Webhook.CreateWebhookPolicyOfProject(ctx, &webhook.CreateWebhookPolicyOfProjectParams{
			ProjectNameOrID: "go-team",
			Policy: &models.WebhookPolicy{
				Name: "hook", Enabled: true, EventTypes: []string{"PUSH_ARTIFACT"},
				Targets: []*models.WebhookTargetObject{{Type: "http", Address: "https://203.0.114.7/hook", PayloadFormat: "Default"}},
			},
		}))
	listed := must[*webhook.ListWebhookPoliciesOfProjectOK]("list webhooks")(
		api.Webhook.ListWebhookPoliciesOfProject(ctx, &webhook.ListWebhookPoliciesOfProjectParams{ProjectNameOrID: "go-team"}))
	check("the webhook is listed", len(listed.Payload) == 1 && listed.Payload[0].Name == "hook", listed.Payload)
	must[*webhook.DeleteWebhookPolicyOfProjectOK]("delete a webhook")(
		api.Webhook.DeleteWebhookPolicyOfProject(ctx, &webhook.DeleteWebhookPolicyOfProjectParams{
			ProjectNameOrID: "go-team", WebhookPolicyID: listed.Payload[0].ID,
		}))
}

func audit(api *v2.HarborAPI) {
	rows := must[*auditlog.ListAuditLogExtsOK]("list the audit")(
		api.Auditlog.ListAuditLogExts(ctx, &auditlog.ListAuditLogExtsParams{Q: ptr("resource_type=project,operation=create")}))
	check("the audit has the project", len(rows.Payload) >= 1, rows.Payload)
	must[*project.GetLogExtsOK]("list the log of a project")(
		api.Project.GetLogExts(ctx, &project.GetLogExtsParams{ProjectName: "go-team"}))
	must[*auditlog.ListAuditLogEventTypesOK]("list kinds of events")(
		api.Auditlog.ListAuditLogEventTypes(ctx, &auditlog.ListAuditLogEventTypesParams{}))
}
